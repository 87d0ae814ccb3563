# Names for the scripts in .ci/; no logic here. `make demo ARGS=--once`, `make test ARGS="-k route"`.
.PHONY: demo test check fix bench install checkers
install: ; @.ci/install dev
demo: ; @.ci/demo $(ARGS)
test: ; @.ci/test $(ARGS)
check: ; @.ci/check
fix: ; @.ci/fix
checkers: ; @.ci/checkers
bench: ; @.ci/bench $(ARGS)
