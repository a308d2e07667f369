import t from 'tap'
import type { Policy } from '../../src/cache/policy.ts'
import { sharingRefusal } from '../../src/cache/sharing.ts'
import { parseCacheControl } from '../../src/http/cache-control.ts'
import type { Fields } from '../../src/http/fields.ts'
import { makePolicy } from './builders.ts'

function refusal(value: string, policy: Partial<Policy> = {}, status = 200, fields: Fields = []): string | undefined {
  return sharingRefusal({ status, fields, directives: parseCacheControl(value), policy: makePolicy(policy) })
}

t.test('sharingRefusal names what forbids sharing, the first of several', async (t) => {
  const cookie = ['set-cookie', 'a=b']
  t.equal(refusal('max-age=1'), undefined)
  t.equal(refusal('NO-STORE, private'), 'no-store')
  t.equal(refusal('private; max-age=1'), 'private')
  t.equal(refusal('private="x-a"'), undefined)
  t.equal(refusal('', {}, 200, cookie), 'set-cookie')
  t.equal(refusal('', { setCookie: 'strip' }, 200, cookie), undefined)
  t.equal(refusal('', { setCookie: 'keep' }, 200, cookie), undefined)
})

t.test('sharingRefusal lets must-understand stand before no-store, for statuses that are understood', async (t) => {
  t.equal(refusal('must-understand, no-store'), undefined)
  t.equal(refusal('must-understand, no-store', {}, 206), undefined)
  t.equal(refusal('must-understand, no-store', {}, 304), 'must-understand')
  t.equal(refusal('must-understand, no-store, private'), 'private')
  t.equal(refusal('must-understand, no-store', {}, 299), 'must-understand')
  t.equal(refusal('must-understand', { override: new Set(['no-store']) }, 599), 'must-understand')
})
