"""How the printed report looks. Text sizes for paper, contrast for eyes; no font is fetched."""

from __future__ import annotations

STYLE = """
:root{--ink:#1b1f24;--soft:#5a636e;--line:#d5dae0;--paper:#fff;--fail:#a3161f;--warn:#7a4b00;
--pass:#14633a;--odd:#3f4a5a}
*{box-sizing:border-box}
body{margin:0;background:#f3f5f7;color:var(--ink);font:15px/1.45 system-ui,"Segoe UI",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px;background:var(--paper)}
h1{font-size:24px;margin:4px 0 14px}
h2{font-size:18px;margin:30px 0 8px;border-bottom:2px solid var(--ink);padding-bottom:4px}
h3{font-size:14px;margin:12px 0 4px}
small{color:var(--soft);font-weight:400;font-size:12px}
code{font:13px/1.4 ui-monospace,Consolas,monospace}
i{font-style:normal}
.verdict{display:inline-block;margin:0;padding:5px 14px;border:2px solid;border-radius:4px;
font-size:18px;font-weight:700}
.verdict small{color:inherit;margin-left:6px}
.verdict.pass{color:var(--pass)}.verdict.fail{color:var(--fail)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 16px;margin:0 0 16px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.counts{display:flex;gap:10px;list-style:none;padding:0;margin:0;flex-wrap:wrap}
.counts li{flex:1 1 140px;border-width:1px;border-style:solid;border-left-width:5px;
border-radius:4px;padding:6px 12px;display:grid}
.counts b{font-size:26px;line-height:1.15}
.fail{border-color:var(--fail)}.warn{border-color:var(--warn)}
.pass{border-color:var(--pass)}.inconclusive{border-color:var(--odd)}
.counts span{color:var(--ink)}.counts .none{border-color:var(--line)}
table{width:100%;border-collapse:collapse;table-layout:fixed}
th{text-align:left;font-size:12px;color:var(--soft);padding:4px 8px}
th:nth-child(1){width:84px}th:nth-child(3){width:50%}
td{vertical-align:top;border-top:1px solid var(--line);padding:7px 8px;overflow-wrap:anywhere}
td>small{display:block}
.result{border-style:solid;border-width:0 0 0 4px;padding:0 0 0 9px;margin:0 0 6px}
.result:last-child{margin:0}
.result small{display:block}.result .badge+small{display:inline;margin-left:8px}
.result span:not(:empty){display:block}
.badge{white-space:nowrap}
.fail .badge{color:var(--fail)}.warn .badge{color:var(--warn)}
.pass .badge{color:var(--pass)}.inconclusive .badge{color:var(--odd)}
a{color:#0b4f8a}
.todo{list-style:none;padding:0;margin:0}
.todo li{display:grid;grid-template-columns:96px 74px 1fr;gap:10px;border-style:solid;
border-width:0 0 0 4px;padding:3px 0 3px 10px;margin:6px 0}
.todo span{min-width:0;overflow-wrap:anywhere}.todo small{display:block}
.changes{border:1px solid var(--line);border-radius:4px;padding:2px 16px 10px;margin-top:20px}
.changes h2{border:0;margin-top:10px}.changes ul{margin:0;padding-left:18px}
article{break-inside:avoid-page;margin:0 0 12px}
article div{display:grid;grid-template-columns:1fr 1fr;gap:8px}
pre{margin:0;padding:8px;background:#f3f5f7;border:1px solid var(--line);font:11px/1.4
ui-monospace,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;max-height:340px;
overflow:auto}
@media (max-width:720px){.todo li,article div{grid-template-columns:1fr}}
@media print{body{background:#fff;font-size:11px}main{max-width:none;padding:0}
pre{max-height:none;font-size:8px}tr,.todo li{break-inside:avoid}a{color:inherit}
h2{break-after:avoid}.exchanges{break-before:page}}
"""
