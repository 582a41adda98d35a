// Upstream's limits of what claims for devices and the drivers' lists of devices hold (pkg/apis/resource/types.go). They
// bound what the scheduler has to go through, and an object's size. Imports nothing.

/** Requests in a claim, and devices in an allocation. */
export const requestsMax = 32;
export const constraintsMax = 32;
export const configsMax = 32;
export const selectorsMax = 32;
/** Alternatives in a request. */
export const alternativesMax = 8;
export const reservedForMax = 256;
export const expressionMaxBytes = 10 * 1024;
/** What a driver is told in a claim or a class, and what it tells of a device. */
export const parametersMaxBytes = 10 * 1024;
export const deviceDataMaxBytes = 10 * 1024;
export const deviceConditionsMax = 8;
export const networkAddressesMax = 16;
export const interfaceNameMaxBytes = 256;
export const hardwareAddressMaxBytes = 128;

export const devicesMax = 128;
/** Devices in a slice where one has taints, consumes counters or has lists as attributes. */
export const advancedDevicesMax = 64;
export const counterSetsMax = 8;
export const countersMax = 32;
export const counterConsumptionsMax = 2;
export const attributesAndCapacitiesMax = 32;
export const attributeValuesMax = 48;
export const attributeMaxBytes = 64;
export const taintsMax = 16;
export const bindingConditionsMax = 4;
export const policyOptionsMax = 10;
export const poolNameMaxBytes = 253;
export const identifierMaxBytes = 32;
/** An attribute's name: a driver's name, a slash, an identifier. */
export const qualifiedNameMaxBytes = 63 + 1 + identifierMaxBytes;
export const labelMaxBytes = 63;
