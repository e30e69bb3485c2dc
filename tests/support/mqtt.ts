import { type EventEmitter, once } from 'node:events'
import mqtt from 'mqtt'

const optionsOf = (token: string, options: mqtt.IClientOptions): mqtt.IClientOptions => ({
  username: token,
  reconnectPeriod: 0,
  protocolVersion: 5,
  ...options,
})

/** An MQTT 5 client (unless told otherwise) that signs in with a token and does not come back by itself. */
export const connectTo = (port: number, token: string, options: mqtt.IClientOptions = {}) =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, optionsOf(token, options))

/** The same, gathering what comes from the first moment on. */
export async function connectListening(port: number, token: string, options: mqtt.IClientOptions = {}) {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, optionsOf(token, options))
  const messages: { topic: string; text: string; retain: boolean }[] = []
  client.on('message', (topic, payload, { retain }) => messages.push({ topic, text: payload.toString(), retain }))
  const [connack] = (await once(client as unknown as EventEmitter, 'connect')) as [{ sessionPresent: boolean }]
  return { client, messages, present: connack.sessionPresent }
}
