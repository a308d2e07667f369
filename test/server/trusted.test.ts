import t from 'tap'
import { plainAddress, trustedPeers } from '../../src/server/trusted.ts'

t.test('trustedPeers: addresses and ranges of both families', async (t) => {
  const isTrusted = trustedPeers(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])
  for (const address of ['10.1.2.3', '192.0.2.7', '2001:db8:1::1', '::1']) t.ok(isTrusted(address), address)
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', '']) t.notOk(isTrusted(address), address)
  t.notOk(trustedPeers([])('127.0.0.1'), 'nobody, unless somebody is named')
})

t.test('plainAddress: IPv4 is IPv4, whatever the socket calls it', async (t) => {
  t.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(plainAddress('::1'), '::1')
  t.equal(plainAddress('::ffff:1'), '::ffff:1')
})
