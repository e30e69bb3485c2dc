import { unlinkSync } from 'node:fs'
import { Loader } from '../planes/data/src/ingest/loader.ts'

// Planted by the proof of stopped engines into every process of a platform (`node --import`): when two segments wait for
// the store, the next one is thrown away, as by a queue that is full.
const { add } = Loader.prototype
Loader.prototype.add = function (file, holds) {
  if (this.waiting.length === 2) unlinkSync(file)
  else add.call(this, file, holds)
}
