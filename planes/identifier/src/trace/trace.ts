/** What things were made of, what became of them, and what a recall touches, from EPCIS events: the door of this station. */
export { type Recall, recall, type Touched, type Whereabouts } from './recall.ts'
export { type SeenEvents, storeSource, type TraceSource } from './trace-source.ts'
export { type Direction, type Trace, type TraceEdge, type TraceNode, type TraceOptions, trace } from './walk.ts'
