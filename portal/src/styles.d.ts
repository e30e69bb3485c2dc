/** Style sheets are for the bundler; to the type checker they are nothing. */
declare module '*.css'

/** The address at which the portal serves the file. */
declare module '*.wasm?url' {
  const address: string
  export default address
}
