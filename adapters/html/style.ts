/** How reports look: one column on a phone, two for charts on a desk, A4 in print; light or dark as the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#f5f6f3;--card:#fff;--ink:#17211f;--soft:#586663;--line:#dfe4e1;--rule:#eef1ef;--accent:#0d6b5e;--tint:#b7dad3;--warn:#8a4b00;--warn-paper:#fff6e6;--warn-line:#efd9b0;--good:#0d6b5e;--good-paper:#e9f4f1;--good-line:#c3dfd8;--shade:#17211f2e}
@media screen and (prefers-color-scheme:dark){:root{--paper:#101615;--card:#182120;--ink:#e6edeb;--soft:#9aaba7;--line:#2b3836;--rule:#222d2b;--accent:#4cc2ac;--tint:#23564d;--warn:#f0b35c;--warn-paper:#2a2114;--warn-line:#4d3b1c;--good:#5fcfb9;--good-paper:#142724;--good-line:#24463f;--shade:#000c}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:.9375rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:40px 24px 64px}
header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:flex-end;gap:4px 24px;border-bottom:3px solid var(--accent);padding-bottom:14px}
header p{margin:0;color:var(--soft)}
header .client{color:var(--accent);font-weight:650}
h1{font-size:clamp(1.5rem,4.4vw,2.1rem);line-height:1.15;letter-spacing:-.015em;margin:2px 0 0}
h2{font-size:1.25rem;line-height:1.25;letter-spacing:-.01em;margin:44px 0 12px}
h3{font-size:1rem;line-height:1.35;margin:0}
a{color:var(--accent)}
.lead{font-size:clamp(1.05rem,2.4vw,1.22rem);line-height:1.5;max-width:62ch;margin:22px 0 16px}
.note{border:1px solid;border-radius:10px;padding:11px 16px;margin:0 0 22px;max-width:none}
.note.warn{color:var(--warn);background:var(--warn-paper);border-color:var(--warn-line)}
.note.good{color:var(--good);background:var(--good-paper);border-color:var(--good-line)}
.note a{color:inherit;font-weight:600}
.card,.tile,figure{background:var(--card);border:1px solid var(--line);border-radius:12px}
.tiles{display:grid;grid-template-columns:repeat(3,1fr);gap:12px}
.tile{padding:15px 18px}
.tile h3{font-size:.86rem;font-weight:500;color:var(--soft)}
.tile .figure{font-size:clamp(1.35rem,3.4vw,1.95rem);font-weight:680;line-height:1.2;letter-spacing:-.02em;margin:3px 0 2px;overflow-wrap:anywhere}
.tile .figure span{display:block}
.tile .figure span+span{font-size:.62em}
.tile .under{margin:0;color:var(--soft);font-size:.86rem}
.counts{display:grid;grid-template-columns:2fr 1fr;gap:12px;margin-top:12px}
.counts .card{padding:14px 18px}
.counts h3{font-size:.86rem;font-weight:500;color:var(--soft);margin-bottom:4px}
.counts dl{display:grid;grid-template-columns:repeat(6,1fr);gap:8px 12px;margin:0}
.counts .card+.card dl{grid-template-columns:repeat(4,1fr)}
.counts dl div{display:flex;flex-direction:column-reverse}
.counts dt{color:var(--soft);font-size:.8rem}
.counts dd{margin:0;font-weight:650;font-size:1.08rem}
.counts .zero dd{color:var(--soft);font-weight:400}
.charts{display:grid;grid-template-columns:1fr 1fr;gap:12px}
figure{margin:0;padding:16px 18px;min-width:0}
.stack{display:grid;gap:12px;align-content:start;min-width:0}
.charts>figure{align-self:start}
figure.wide{grid-column:1/-1}
figcaption{font-weight:650;margin-bottom:2px}
figcaption small{display:block;font-weight:400;font-size:.84rem;color:var(--soft)}
.key{display:inline-block;width:.75em;height:.75em;border-radius:2px;background:var(--tint);margin:0 .2em 0 .1em}
.key.inner{background:var(--accent);height:.4em;vertical-align:.14em}
.columns{display:block;width:100%;height:200px;margin-top:8px;overflow:visible}
.columns text{font-size:.72rem;fill:var(--soft)}
.columns .peak{fill:var(--ink);font-weight:650}
.columns line{stroke:var(--rule);stroke-width:1}
.columns .base{stroke:var(--line)}
.columns rect{fill:var(--accent)}
.bars{list-style:none;margin:10px 0 0;padding:0;display:grid;gap:9px}
.bars li{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 12px;font-size:.9rem}
.bars .value{color:var(--soft);margin-left:auto;text-align:right}
.bars .value b{color:var(--ink);font-weight:650}
.bars svg{display:block;width:100%;height:9px;margin-top:2px}
.bars .track{fill:var(--rule)}
.bars .outer{fill:var(--tint)}
.bars .inner{fill:var(--accent)}
.empty{color:var(--soft);margin:8px 0 0}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:12px;background:linear-gradient(to left,var(--card) 30%,transparent) right/48px 100% no-repeat local,linear-gradient(to left,var(--shade),transparent) right/16px 100% no-repeat scroll,var(--card);margin-bottom:20px}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;font-weight:650;padding:13px 16px 7px;font-size:.95rem}
th,td{padding:7px 16px;text-align:left;vertical-align:top;border-top:1px solid var(--rule)}
thead th{color:var(--soft);font-weight:500;font-size:.8rem;border-top:0;border-bottom:1px solid var(--line);vertical-align:bottom;white-space:nowrap}
tbody th{font-weight:500;min-width:9em}
tbody th small,td small{display:block;color:var(--soft);font-weight:400;font-size:.82rem}
.n{text-align:right;white-space:nowrap}
.n span{display:block}
tfoot th,tfoot td{font-weight:650;border-top:1px solid var(--line)}
tr.low td,tr.low th{background:var(--warn-paper)}
.flag{color:var(--warn);font-weight:650;white-space:nowrap}
.exception{border:1px solid var(--line);border-left:4px solid var(--warn);border-radius:10px;background:var(--card);padding:15px 18px 6px;margin-bottom:14px}
.exception .count{color:var(--warn)}
.exception .todo{margin:3px 0 10px;max-width:75ch}
.exception .todo b{font-weight:650}
.exception .scroll{border:0;border-radius:0;margin:0 -18px 6px}
.exception th,.exception td,.exception caption{padding-left:18px}
.more{color:var(--soft);font-size:.86rem;margin:0 0 12px}
footer{margin-top:48px;border-top:1px solid var(--line);padding-top:18px;color:var(--soft);font-size:.84rem}
footer h2{font-size:1rem;color:var(--ink);margin:0 0 8px}
footer dl{columns:2;column-gap:36px;margin:0 0 18px}
footer dl div{break-inside:avoid;margin-bottom:7px}
footer dt{color:var(--ink);font-weight:600}
footer dd{margin:0}
footer code{font:inherit;font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:.92em;overflow-wrap:anywhere}
@media (max-width:720px){main{padding:22px 14px 40px}.tiles{grid-template-columns:1fr 1fr;gap:10px}.tile{padding:12px 14px}.charts,.counts{grid-template-columns:1fr}.counts .card dl,.counts .card+.card dl{grid-template-columns:repeat(3,1fr)}footer dl{columns:1}h2{margin-top:34px}th,td{padding:7px 12px}caption{padding:12px 12px 6px}tbody th,tfoot th{position:sticky;left:0;background:var(--card);min-width:7.5em}thead th{white-space:normal}.exception .scroll{margin:0 -18px 6px}}
@media print{@page{size:A4;margin:14mm 13mm}:root{--paper:#fff}html{font-size:11.5px}body{-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}h2{margin:22px 0 8px;break-after:avoid}.tiles{grid-template-columns:repeat(3,1fr)}.charts{grid-template-columns:1fr 1fr}.counts{grid-template-columns:2fr 1fr}.columns{height:150px}figure,.tile,.card,tr,.note{break-inside:avoid}.exception h3,.exception .todo,caption{break-after:avoid;break-inside:avoid}thead{display:table-header-group}tfoot{display:table-row-group}.scroll{overflow:visible;margin-bottom:12px;background:none}th,td{padding:4px 8px}caption{padding:8px}tbody th{min-width:0}a{color:inherit;text-decoration:none}footer dl{columns:2}}
`;
