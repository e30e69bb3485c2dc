/** What somebody asked for cannot be: one sentence that says what to do. */
export class NodeSetupError extends Error {
  override name = 'NodeSetupError'
}
