import { MqttEndpoint } from '../planes/data/src/ingest/mqtt/endpoint.ts'

// Planted by the proof of overload: ingest reads on whatever lies in its memory.
MqttEndpoint.prototype.underPressure = () => false
