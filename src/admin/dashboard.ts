/**
 * The dashboard: one static page that fetches what it shows from beside itself. It holds nothing of ours, so anybody may load it; its policy
 * allows no source but the style and the script that stand in it, by their digests.
 */
import { createHash } from 'node:crypto'
import { type Answer, text } from './answer.ts'
import { dashboardScript } from './dashboard-script.ts'
import { dashboardStyle } from './dashboard-style.ts'

export function dashboard(): Answer {
  return text('text/html; charset=utf-8', page, { 'content-security-policy': policy })
}

const policy: string = [
  "default-src 'none'",
  `style-src '${source(dashboardStyle)}'`,
  `script-src '${source(dashboardScript)}'`,
  "connect-src 'self'",
  // The empty icon, which keeps browsers from asking for /favicon.ico.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const page: string = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Springhouse</title>
<style>${dashboardStyle}</style>
<header>
  <h1>Springhouse</h1>
  <p id="state" role="status">Asking …</p>
  <p id="now" class="soft"></p>
</header>
<form id="login" hidden>
  <label for="token">Token of the admin API</label>
  <input id="token" type="password" autocomplete="off" required>
  <button>Show</button>
  <p id="wrong" class="bad" hidden>That is not the token.</p>
  <small>The value of ADMIN_TOKEN that Springhouse was started with. It is kept until this page is closed.</small>
</form>
<main id="main" hidden>
  <section id="answers">
    <div><p id="rate"></p><small>hit rate: hits and stale,<br>of those and the misses</small></div>
    <div><div id="bar"></div><dl id="outcomes"></dl></div>
  </section>
  <dl id="work" class="cards"></dl>
  <h2>Parts</h2>
  <dl id="parts" class="cards"></dl>
  <h2>Rules</h2>
  <div class="scroll">
    <table>
      <thead><tr><th>Rule<th>Match<th>Keeps<th>Hit rate<th>Hits<th>Stale<th>Misses<th>Bypass<th>Purges<th>Errors</thead>
      <tbody id="rules"></tbody>
    </table>
  </div>
</main>
<script>${dashboardScript}</script>
</html>
`

function source(inline: string): string {
  return `sha256-${createHash('sha256').update(inline).digest('base64')}`
}
