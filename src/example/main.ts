/** Runs the example origin alone: `node src/example/main.ts --port 4000 --latency 150`. */
import { parseArgs } from 'node:util'
import { startExample } from './server.ts'
import { demoSecret, signDemoToken } from './token.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    host: { type: 'string', default: '127.0.0.1' },
    latency: { type: 'string', default: '150' },
  },
})
const secret = process.env['JWT_SECRET'] ?? demoSecret
const latency = Number(values.latency)
const example = await startExample({ port: Number(values.port), host: values.host, latency, secret })
const log = { msg: 'listening', address: example.url, latency, token: signDemoToken({ sub: 'lupita', name: 'Lupita' }, secret) }
process.stdout.write(`${JSON.stringify(log)}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void example.close())
