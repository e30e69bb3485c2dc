/** Node numbers of both ends of a connection. */
export interface Nodes {
  source: number
  destination: number
}

/**
 * Sends a FINS frame and waits for its answer: `accept` looks at each frame that comes and gives the result, or undefined
 * when it is not the answer, or throws what the answer says. Rejects with that, or with DeviceError.
 */
export type Exchange = <T>(
  encode: (nodes: Nodes, serviceId: number) => Buffer,
  accept: (frame: Buffer, nodes: Nodes, serviceId: number) => T | undefined,
) => Promise<T>

export interface TransportOptions {
  host: string
  port: number
  timeoutMs: number
  /** Where none is given: by TCP as the controller says, by UDP the last number of the IP address. */
  sourceNode: number | undefined
  destinationNode: number | undefined
}
