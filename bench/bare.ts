/** The least that Node can do: an HTTP server that answers every request with one body from memory. What a hit is measured against. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const [bodyFile = ''] = process.argv.slice(2)
const body = readFileSync(bodyFile)
const fields = { 'content-type': 'application/json', 'content-length': body.length }
const server = createServer((_request, response) => {
  response.writeHead(200, fields)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ msg: 'listening', address: `http://127.0.0.1:${port}` })}\n`)
})
