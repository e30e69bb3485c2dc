import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// What Node's own server does when it has nothing to look up: a body of the usual length to every request, in a process of its own.
const body = Buffer.alloc(900, ' ')
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit(0))
