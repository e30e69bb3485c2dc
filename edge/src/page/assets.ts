// What the page loads beside its HTML, as text in the code: the packed gateway has nothing but code.

export const style = `
:root{color-scheme:light dark;--ground:#fff;--card:#f6f7f6;--ink:#1c2420;--soft:#52605a;--line:#d5dbd8;--accent:#0b6b3a;--bad:#b3261e;--warn:#8a5300;--on:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#121614;--card:#1b211e;--ink:#e7ece9;--soft:#a9b5af;--line:#333d38;--accent:#6fd39d;--bad:#ff9d94;--warn:#f0c070;--on:#0d1210}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.6 system-ui,"Noto Sans SC",sans-serif;overflow-wrap:anywhere}
header,main{max-width:1080px;margin:0 auto;padding:12px 16px}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:center;border-bottom:1px solid var(--line)}
header strong{margin-right:auto}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;order:9;width:100%}
a{color:var(--accent)}nav a{padding:6px 0}nav a[aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
h1{font-size:22px;margin:12px 0}h2{font-size:17px;margin:24px 0 8px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:12px}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
.card b{display:block;font-size:19px}.soft,small{color:var(--soft)}
.good{color:var(--accent)}.bad{color:var(--bad)}.warn{color:var(--warn)}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid var(--line);padding:8px 8px 8px 0;text-align:left;vertical-align:top}
th{white-space:nowrap}td.value{font-variant-numeric:tabular-nums;font-weight:600}
ul.plain{list-style:none;padding:0;margin:0}ul.plain li{border-bottom:1px solid var(--line);padding:10px 0}
.notice{border-left:4px solid var(--accent);background:var(--card);padding:10px 14px;margin:12px 0}.notice.bad{border-color:var(--bad);color:var(--ink)}
form.stack{display:grid;gap:10px;max-width:440px}label{display:grid;gap:4px}label.row{display:flex;gap:8px;align-items:baseline}
input,select,button{font:inherit;color:var(--ink);background:var(--ground);border:1px solid var(--soft);border-radius:6px;padding:9px 12px;min-height:44px;max-width:100%}
input[type=checkbox]{min-height:0}button{background:var(--accent);color:var(--on);border-color:var(--accent);cursor:pointer;justify-self:start}
button.quiet{background:none;color:var(--accent);border:0;padding:6px 0;min-height:0;text-decoration:underline}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
svg{width:100%;height:auto;background:var(--card);border:1px solid var(--line);border-radius:8px}
svg path{fill:none;stroke:var(--accent);stroke-width:2;vector-effect:non-scaling-stroke}svg .range{stroke:var(--accent);opacity:.35}svg .gap{fill:var(--warn);opacity:.25}
[aria-current]{font-weight:600}.ends{display:flex;justify-content:space-between;gap:12px;margin:4px 0}
ol.log{font:13px/1.5 ui-monospace,monospace;padding:0;margin:0;list-style:none}ol.log li{border-bottom:1px solid var(--line);padding:4px 0}
.choices{display:flex;gap:12px;flex-wrap:wrap;margin:8px 0}
`

export const script = `
'use strict'
// Brings what is live up to date while the page is seen. Without this script the page is as it was loaded.
const live = document.querySelector('[data-every]')
async function refresh() {
  try {
    if (document.visibilityState !== 'visible') return
    const reply = await fetch(location.href, { credentials: 'same-origin' })
    if (reply.status === 401) return location.reload()
    if (!reply.ok) throw new Error(String(reply.status))
    const next = new DOMParser().parseFromString(await reply.text(), 'text/html').querySelector('[data-every]')
    if (next && next.innerHTML !== live.innerHTML && !live.contains(document.activeElement)) live.innerHTML = next.innerHTML
    document.body.removeAttribute('data-away')
  } catch {
    document.body.setAttribute('data-away', '')
  } finally {
    setTimeout(refresh, Number(live.dataset.every))
  }
}
if (live) setTimeout(refresh, Number(live.dataset.every))
`
