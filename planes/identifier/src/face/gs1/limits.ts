/** Every limit of the GS1 resolver. Longer URIs answer 414, longer headers are read as absent. */
export const gs1FaceLimits = {
  uriLength: 4_096,
  headerLength: 4_096,
  /** Ranges of one Accept or Accept-Language header; further ones are not read. */
  ranges: 32,
  /** Links of one anchor. */
  links: 256,
  titleLength: 512,
  hrefLength: 4_096,
  /** Languages or contexts of one link. */
  tags: 32,
} as const
