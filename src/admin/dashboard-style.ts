/** How the dashboard looks: system fonts and colours that follow the reader's light or dark. */
export const dashboardStyle: string = `
:root { color-scheme: light dark; --ink: light-dark(#1c2422, #e6ece9); --soft: light-dark(#55625e, #a3b1ac);
  --line: light-dark(#d5dcd9, #37423e); --ground: light-dark(#ffffff, #151a18); --raised: light-dark(#f3f6f5, #1e2523);
  --good: light-dark(#12694a, #5fd0a0); --bad: light-dark(#a3231b, #ff8a80); }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem; max-width: 75rem; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; border-bottom: 1px solid var(--line); margin-bottom: 1rem }
h1 { font-size: 1.4rem; margin: 0 0 .4rem } h2 { font-size: 1rem; margin: 1.5rem 0 .5rem }
#state { margin: 0 } .good { color: var(--good) } .bad { color: var(--bad) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 0 }
dl div { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem }
dt { color: var(--soft); font-size: .85rem } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
#parts dd { font-size: 1rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums }
th { color: var(--soft); font-weight: 500; font-size: .85rem }
th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left } td:nth-child(2) { font-family: ui-monospace, monospace; font-size: .85rem }
small { color: var(--soft) } input, button { font: inherit; padding: .3rem .5rem }
`
