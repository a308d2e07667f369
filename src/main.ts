#!/usr/bin/env -S node --max-semi-space-size=8
/** From the command line to a command. Compiled code is kept between runs: most of a short command's time goes into loading it. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
const [{ run }, { processTerminal }] = await Promise.all([import('./commands/run.ts'), import('./commands/process-terminal.ts')])
process.exitCode = await run(process.argv.slice(2), { variables: process.env, cwd: process.cwd() }, processTerminal())
