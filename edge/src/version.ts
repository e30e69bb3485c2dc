/** Of the gateway's software, as its package has it. */
export const gatewayVersion = '0.1.0'
