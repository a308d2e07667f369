#!/usr/bin/env -S node --max-semi-space-size=8
/** From the command line to a command. Compiled code is kept between runs: most of a short command's time goes into loading it. */
import { enableCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'

enableCompileCache()
// Left alone, V8 lets its heap grow to several times what is alive before it collects, on top of what the store was allowed to take. The
// semi-space can only be set on the command line: see the first line, and "start" in package.json.
setFlagsFromString('--heap-growing-percent=30')
const [{ run }, { processTerminal }] = await Promise.all([import('./commands/run.ts'), import('./commands/process-terminal.ts')])
process.exitCode = await run(process.argv.slice(2), { variables: process.env, cwd: process.cwd() }, processTerminal())
