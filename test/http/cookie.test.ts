import t from 'tap'
import { cookieValues } from '../../src/http/cookie.ts'

t.test('cookieValues: every value under the exact name, in order', async (t) => {
  const cases: Array<[fields: string[], expected: string[]]> = [
    [[], []],
    [['Cookie', 'sid=1'], ['1']],
    [['Cookie', 'a=0; sid=1 ;b=2'], ['1']],
    [
      ['Cookie', 'sid=1; sid=2', 'cookie', 'sid=3'],
      ['1', '2', '3'],
    ],
    [['Cookie', 'SID=1; xsid=2; sidx=3'], []],
    [['Cookie', 'sid=a=b'], ['a=b']],
    [['Cookie', 'sid="1"'], ['"1"']],
    [['Cookie', 'sid; sid='], ['']],
    [['Set-Cookie', 'sid=1'], []],
  ]
  for (const [fields, expected] of cases) t.same(cookieValues(fields, 'sid'), expected, fields.join())
})
