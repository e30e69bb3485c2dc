/** The GS1-Conformant Resolver as pure functions over links: the door of this station. */
export { type Link, linkFaults } from './link.ts'
export { answerGs1, type Gs1Resolver, type ResolverRequest, type ResolverResponse } from './resolve.ts'
