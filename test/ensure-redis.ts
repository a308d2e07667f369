/**
 * Before the tests: a redis-server of 7.0 or later on the PATH. Where there is none and this is root on a Debian, it is installed from the
 * distribution's packages, without starting a service; elsewhere one sentence says what to install, and the tests do not begin.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

const policy = '/usr/sbin/policy-rc.d'

function isThere(): boolean {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  const major = /\bv=(\d+)\./.exec(stdout ?? '')?.[1]
  return major !== undefined && Number(major) >= 7
}

function run(command: string, ...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
}

/** Debian starts a service on installing it unless this script says no (exit code 101). */
function install(): void {
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    process.stderr.write('Installing redis-server for the tests\n')
    run('apt-get', 'update', '-qq')
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'redis-server')
  } finally {
    if (isOurs) rmSync(policy, { force: true })
  }
}

if (!isThere() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) install()
if (!isThere()) {
  process.stderr.write(
    'The tests need redis-server 7.0 or later on the PATH: install it ("apt-get install redis-server", "brew install redis") and run npm test again\n',
  )
  process.exitCode = 1
}
