/** Settings that are right one by one and wrong together. */
import { formatSize } from '../units.ts'
import type { SettingProblem } from './problem.ts'
import type { Settings } from './settings.ts'
import type { SettingPath } from './table.ts'

/** `sourceOf` says where a setting was given. */
export function checkAgreement(settings: Settings, sourceOf: (path: SettingPath) => string): SettingProblem[] {
  const { admin, redis, server, store } = settings
  const problems: SettingProblem[] = []
  if (admin.token === undefined && !isLoopback(admin.host)) {
    problems.push({
      key: 'admin.host',
      source: sourceOf('admin.host'),
      problem: `The admin API would listen on "${admin.host}" without a token`,
      fix: 'Set admin.token (ADMIN_TOKEN), or listen on 127.0.0.1',
    })
  }
  if (server.port !== 0 && server.port === admin.port && isSameAddress(server.host, admin.host)) {
    problems.push({
      key: 'admin.port',
      source: sourceOf('admin.port'),
      problem: `The proxy (${sourceOf('server.port')}) and the admin API would share port ${admin.port}`,
      fix: 'Write another port, or 0 for a free one',
    })
  }
  // With Redis, what does not fit into memory lies there.
  if (redis === undefined && store.maxEntry > store.memoryLimit) {
    problems.push({
      key: 'store.max_entry',
      source: sourceOf('store.max_entry'),
      problem: `${formatSize(store.maxEntry)} is more than store.memory_limit, ${formatSize(store.memoryLimit)}`,
      fix: `Write "${formatSize(store.memoryLimit)}" or less`,
    })
  }
  return problems
}

/** An address that other machines cannot reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(host)
}

function isSameAddress(one: string, other: string): boolean {
  const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::'
  return one === other || isAny(one) || isAny(other) || (isLoopback(one) && isLoopback(other))
}
