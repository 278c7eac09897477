// A chat room on ws, as its users write it: a set of clients, a heartbeat, and a bound on what waits for a slow one.
import { WebSocketServer } from 'ws'

const maxPayload = 512, queue = 256, pingPeriod = 5000

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), path: '/ws', maxPayload, perMessageDeflate: false })

server.on('connection', socket => {
  socket.isAlive = true
  socket.on('pong', () => { socket.isAlive = true })
  socket.on('error', () => {})
  socket.on('message', text => {
    const message = JSON.stringify({ type: 'message', from: 'guest', text: text.toString() })
    for (const client of server.clients) {
      if (client.bufferedAmount > queue * message.length) client.terminate() // too slow
      else if (client.readyState === 1) client.send(message)
    }
  })
})

setInterval(() => {
  for (const client of server.clients) {
    if (!client.isAlive) { client.terminate(); continue }
    client.isAlive = false
    client.ping()
  }
}, pingPeriod)
