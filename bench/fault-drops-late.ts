import { Taker } from '../planes/identifier/src/takeover/taker.ts'

// Planted by the takeover proof into the node that comes back (`node --import`): it tells the other nothing of what it
// acknowledged before it died, and says that it did.
Taker.prototype.offer = async (late) => late.map(() => ({ kind: 'merged' }))
