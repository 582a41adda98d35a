// What may be written into a ResourceClaim's status: the devices that it got, who may use them, what their drivers say.
// May import src/base.
import {
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../base/field-error.ts";
import { validateDriverName } from "../core/volumes/persistent-volume-sources.ts";
import { validateConditions } from "../meta/condition.ts";
import { semanticEqual } from "../meta/equality.ts";
import { formatIP, isIPv6, parseCIDR } from "../meta/ip.ts";
import { byteLength } from "../meta/names.ts";
import { immutableMessage } from "../meta/object-meta.ts";
import { validateNodeSelector } from "../pod/validation/affinity.ts";
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from "../types/resource-v1.gen.ts";
import { validateList, validateSet } from "./bounded-lists.ts";
import { printAllocation } from "./claim-print.ts";
import { requestNamesOf, validateReferences, validateRequestReference, type RequestNames } from "./claim-spec.ts";
import { validateConfiguration, validateRawObject } from "./device-configuration.ts";
import { validateBindingConditions, validateLabelAt, validatePoolName, validateUID } from "./device-names.ts";
import * as limits from "./limits.ts";

interface DeviceShare {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}

/** One device, or one share of it. */
export const shareKeyOf = ({ driver = "", pool = "", device = "", shareID = "" }: DeviceShare): string =>
  JSON.stringify([driver, pool, device, shareID]);

/** Upstream's struct of such a key doesn't show what is in it. */
const printedKey = { Driver: {}, Pool: {}, Device: {}, ShareID: {} };

const resultsOf = ({ status }: ResourceClaim): readonly DeviceRequestAllocationResult[] =>
  status?.allocation?.devices?.results ?? [];
export const allocatedSharesOf = (claim: ResourceClaim): Set<string> => new Set(resultsOf(claim).map(shareKeyOf));

function validateShare(share: DeviceShare, field: string): FieldError[] {
  const { pool = "", device = "", shareID } = share;
  return [
    ...validateDriverName(share.driver, `${field}.driver`),
    ...validatePoolName(pool, `${field}.pool`),
    ...validateLabelAt(device, `${field}.device`),
    ...(shareID === undefined ? [] : validateUID(shareID, `${field}.shareID`)),
  ];
}

function validateResult(result: DeviceRequestAllocationResult, field: string, names: RequestNames): FieldError[] {
  return [
    ...validateRequestReference(result.request ?? "", `${field}.request`, names),
    ...validateShare(result, field),
    ...validateBindingConditions(result, field),
  ];
}

function validateAllocationConfig(
  config: DeviceAllocationConfiguration,
  field: string,
  names: RequestNames,
): FieldError[] {
  const source: string = config.source ?? "";
  const sources = ["FromClaim", "FromClass"];
  const errors: FieldError[] = [];
  if (source === "") errors.push(required(`${field}.source`));
  else if (!sources.includes(source)) errors.push(notSupported(`${field}.source`, source, sources));
  return [
    ...errors,
    ...validateReferences(config.requests, `${field}.requests`, names),
    ...validateConfiguration(config, field),
  ];
}

function validateAllocation(allocation: AllocationResult, field: string, names: RequestNames): FieldError[] {
  const { devices = {}, nodeSelector } = allocation;
  // A configuration comes from the claim or from a class.
  const configsMax = 2 * limits.configsMax;
  return [
    ...validateList(devices.results, limits.requestsMax, `${field}.devices.results`, (result, at) =>
      validateResult(result, at, names),
    ),
    ...validateList(devices.config, configsMax, `${field}.devices.config`, (config, at) =>
      validateAllocationConfig(config, at, names),
    ),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, `${field}.nodeSelector`) : []),
  ];
}

const addressForm = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)";

function validateInterfaceAddress(address: string, field: string): FieldError[] {
  const cidr = parseCIDR(address);
  if (!cidr) return [invalid(field, address, addressForm)];
  const length = Number(address.slice(address.lastIndexOf("/") + 1));
  const mappedBits = !isIPv6(cidr.address) && length > 32 ? length - 96 : length;
  const canonical = `${formatIP(cidr.address)}/${mappedBits}`;
  return address === canonical ? [] : [invalid(field, address, `must be in canonical form ("${canonical}")`)];
}

function validateNetworkData(data: NetworkDeviceData, field: string): FieldError[] {
  const { interfaceName = "", hardwareAddress = "" } = data;
  const errors: FieldError[] = [];
  if (byteLength(interfaceName) > limits.interfaceNameMaxBytes) {
    errors.push(tooLong(`${field}.interfaceName`, limits.interfaceNameMaxBytes));
  }
  if (byteLength(hardwareAddress) > limits.hardwareAddressMaxBytes) {
    errors.push(tooLong(`${field}.hardwareAddress`, limits.hardwareAddressMaxBytes));
  }
  const rules = { max: limits.networkAddressesMax, keyOf: (ip: string) => ip, check: validateInterfaceAddress };
  return [...errors, ...validateSet(data.ips, `${field}.ips`, rules)];
}

function validateDevice(device: AllocatedDeviceStatus, field: string, allocated: ReadonlySet<string>): FieldError[] {
  const { conditions = [], data, networkData } = device;
  const errors = validateShare(device, field);
  if (!allocated.has(shareKeyOf(device))) {
    errors.push(invalid(field, printedKey, "must be an allocated device in the claim"));
  }
  const list = `${field}.conditions`;
  if (conditions.length > limits.deviceConditionsMax) {
    errors.push(tooMany(list, conditions.length, limits.deviceConditionsMax));
  }
  errors.push(...validateConditions(conditions, list));
  if (data !== undefined) errors.push(...validateRawObject(data, `${field}.data`, limits.deviceDataMaxBytes));
  return networkData ? [...errors, ...validateNetworkData(networkData, `${field}.networkData`)] : errors;
}

function validateConsumer(consumer: ResourceClaimConsumerReference, field: string): FieldError[] {
  return (["resource", "name", "uid"] as const)
    .filter((name) => !consumer[name])
    .map((name) => required(`${field}.${name}`));
}

function validateReservations(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const field = "status.reservedFor";
  const list = claim.status?.reservedFor ?? [];
  const errors = validateSet(list, field, {
    max: limits.reservedForMax,
    keyOf: ({ uid }) => uid ?? "",
    check: validateConsumer,
  });
  return [...errors, ...validateDevices(claim), ...checkReserved(claim, old, field)];
}

function validateDevices(claim: ResourceClaim): FieldError[] {
  const allocated = allocatedSharesOf(claim);
  return validateSet<AllocatedDeviceStatus>(claim.status?.devices, "status.devices", {
    max: Infinity,
    keyOf: shareKeyOf,
    check: (device, at) => validateDevice(device, at, allocated),
    printKey: () => printedKey,
  });
}

function checkReserved({ metadata, status }: ResourceClaim, old: ResourceClaim, field: string): FieldError[] {
  const list = status?.reservedFor ?? [];
  if (list.length === 0) return [];
  if (!status?.allocation) return [forbidden(field, "may not be specified when `allocated` is not set")];
  if (!metadata.deletionTimestamp) return [];
  const before = old.status?.reservedFor ?? [];
  if (list.every((one) => before.some((other) => semanticEqual(one, other)))) return [];
  const detail = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
  return [forbidden(field, detail)];
}

export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const field = "status.allocation";
  const errors = validateReservations(claim, old);
  const [now, before] = [claim.status?.allocation, old.status?.allocation];
  if (!now) return errors;
  if (!before) return [...errors, ...validateAllocation(now, field, requestNamesOf(claim.spec))];
  // What was allocated isn't looked at again, since rules for new allocations may have become stricter.
  return semanticEqual(now, before) ? errors : [...errors, invalid(field, printAllocation(now), immutableMessage)];
}

/** Where a status gives a device to an administrator that the old one didn't: the field, or undefined. */
export function adminResultField(claim: ResourceClaim, old: ResourceClaim): string | undefined {
  if (resultsOf(old).some(({ adminAccess }) => adminAccess === true)) return undefined;
  const index = resultsOf(claim).findIndex(({ adminAccess }) => adminAccess === true);
  return index === -1 ? undefined : `status.allocation.devices.results[${index}].adminAccess`;
}
