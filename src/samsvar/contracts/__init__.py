"""Contracts as data: folders read and checked, packages taken in, and what is served now."""

from samsvar.contracts.contract_file import CONTRACT_FILE, ContractsInvalid
from samsvar.contracts.reading import data_dir, load_contract, load_contracts

__all__ = ["CONTRACT_FILE", "ContractsInvalid", "data_dir", "load_contract", "load_contracts"]
