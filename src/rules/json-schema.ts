/** The JSON Schema of rules.yaml, for completion in editors: made from the declarations that the parser reads by. */
import { z } from 'zod'
import { rulesFile } from './schema.ts'

/** Draft 2020-12. What the shape cannot say (scopes, tags that nothing produces) is left to `check`. */
export function rulesJsonSchema(): object {
  return { ...z.toJSONSchema(rulesFile, { io: 'input' }), title: 'Springhouse rules' }
}
