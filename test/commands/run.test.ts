import { readFileSync } from 'node:fs'
import t from 'tap'
import { run } from './springhouse.ts'

const commands = ['serve', 'check', 'explain', 'purge', 'stats', 'keys', 'show']

t.test('--help and --version answer on standard output; nothing at all is asked wrongly', async (t) => {
  const help = await run(t, ['--help'])
  t.equal(help.status, 0)
  for (const command of commands) t.match(help.out, new RegExp(`^  ${command} `, 'm'))
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  t.match(await run(t, ['--version']), { status: 0, out: `${version}\n`, err: '' })
  t.match(await run(t, []), { status: 2, out: '', err: /^springhouse: .*\n\nUsage/ })
})

t.test('every command says how it is used', async (t) => {
  for (const command of commands) {
    const help = await run(t, [command, '--help'])
    t.match(help, { status: 0, err: '', out: new RegExp(`^Usage: springhouse ${command} .*\n\n[A-Z]`) }, command)
  }
  const serve = await run(t, ['help', 'serve'])
  t.match(serve.out, /--origin <URLs> +Where responses come from/)
  t.notMatch(serve.out, /--admin-token/, 'a secret is no flag')
})

t.test('what does not exist is named with what was meant, and exits 2', async (t) => {
  t.match(await run(t, ['chek']), { status: 2, out: '', err: 'springhouse: There is no command "chek": did you mean "check"?\n' })
  t.match(await run(t, ['something']), { status: 2, err: /write one of serve check explain/ })
  t.match(await run(t, ['--json']), { status: 2, err: /A command comes first/ })
  t.match(await run(t, ['purge', '--tagg', 'a']), { status: 2, err: /There is no flag --tagg: did you mean --tag\?/ })
  t.match(await run(t, ['stats', 'now']), { status: 2, err: /"now" is too much\nUsage: springhouse stats/ })
  t.match(await run(t, ['show']), { status: 2, err: /Usage: springhouse show KEY/ })
})
