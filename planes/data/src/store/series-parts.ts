/** Parameters travel in the address of a query, for which ClickHouse allows 1 MiB and proxies less. */
const seriesMax = 200

/**
 * Splits the series of a large organisation into parts for one query each, so that neither the address nor the memory
 * of a query grows with the plant. Rows of one device stand together and stay together; a product has at most 500
 * properties, so a part never has more than 700 series.
 */
export function seriesParts<T extends { deviceId: string }>(series: readonly T[]): T[][] {
  const parts: T[][] = []
  for (const [i, each] of series.entries()) {
    const part = parts.at(-1)
    const sameDevice = series[i - 1]?.deviceId === each.deviceId
    if (part === undefined || (part.length >= seriesMax && !sameDevice)) parts.push([each])
    else part.push(each)
  }
  return parts
}
