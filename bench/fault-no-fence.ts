import { Standing } from '../planes/identifier/src/takeover/standing.ts'

// Planted by the takeover proof into the node that comes back (`node --import`): it takes changes whatever its parent says.
Standing.prototype.refusal = () => undefined
