/** How the dashboard looks: system fonts and colours that follow the reader's light or dark. */
export const dashboardStyle: string = `
:root { color-scheme: light dark; --ink: light-dark(#1c2422, #e6ece9); --soft: light-dark(#55625e, #a3b1ac);
  --line: light-dark(#d5dcd9, #37423e); --ground: light-dark(#ffffff, #151a18); --raised: light-dark(#f3f6f5, #1e2523);
  --good: light-dark(#12694a, #5fd0a0); --bad: light-dark(#a3231b, #ff8a80);
  --hits: light-dark(#1f8a63, #3fae83); --stale: light-dark(#c78a12, #d9a441);
  --misses: light-dark(#3b6fb5, #6c9be0); --bypass: light-dark(#9aa5a1, #6b7773) }
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0 auto; padding: 1.5rem; max-width: 78rem; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1rem; padding-bottom: .6rem; border-bottom: 1px solid var(--line) }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1rem; margin: 1.75rem 0 .6rem }
p { margin: 0 } small, .soft, dt, th { color: var(--soft) } small { font-size: .8rem; display: block }
#state { font-weight: 600 } #now { margin-left: auto; font-size: .85rem } .good { color: var(--good) } .bad { color: var(--bad) }
#main { transition: opacity .3s } #main.old { opacity: .45 }

#answers { display: grid; grid-template-columns: minmax(9rem, auto) 1fr; gap: 0 2rem; align-items: center; margin-top: 1.5rem }
#rate { font-size: 2.6rem; line-height: 1.1; font-weight: 600; font-variant-numeric: tabular-nums }
.bar { display: flex; height: 1.1rem; border-radius: 4px; overflow: hidden; background: var(--line) }
.bar i { flex: 0 0 0; min-width: 0 } .hits { background: var(--hits) } .stale { background: var(--stale) }
.misses { background: var(--misses) } .bypass { background: var(--bypass) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 0 }
dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
dt { font-size: .85rem } dt i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .4rem }
#outcomes { margin-top: .75rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)) }
.cards div { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .55rem .8rem }
.cards dd { font-size: 1.05rem } #work { margin-top: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)) }

.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: right; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; white-space: nowrap }
th { font-weight: 500; font-size: .85rem; position: sticky; top: 0; background: var(--ground) }
th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left }
td:nth-child(2) { font: .85rem/1.5 ui-monospace, monospace; white-space: normal; overflow-wrap: anywhere; min-width: 18rem }
td:nth-child(4) { width: 7rem } td .bar { height: .3rem; margin-top: .25rem }
.zero { color: var(--soft); opacity: .6 }

form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-top: 1.5rem }
form small { flex-basis: 100% } input, button { font: inherit; padding: .3rem .5rem }
@media (max-width: 45rem) { #answers { grid-template-columns: 1fr; gap: .75rem } #now { margin-left: 0 } }
`
