// Tests of addresses and CIDRs.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressAt,
  cidrContains,
  cidrsOverlap,
  isMappedText,
  isNetwork,
  lastOf,
  offsetOf,
  parseCidr,
  parseCidrSloppy,
  parseIp,
  parseIpSloppy,
  printCidr,
  printIp,
  subnetAt,
} from "./cidr.ts";

test("parseIp refuses what net.ParseIP refuses", () => {
  for (const text of [
    "1",
    "1.2.3",
    "01.2.3.4",
    "256.1.1.1",
    "1.2.3.4.5",
    "::1%eth0",
    "1::2::3",
    ":::",
    "12345::",
    "",
    "::01.2.3.4",
  ]) {
    assert.equal(parseIp(text), undefined, text);
  }
  assert.equal(printIp(parseIpSloppy("010.002.003.004")!), "10.2.3.4");
});

test("printIp prints the canonical form", () => {
  for (const [text, expected] of [
    ["10.0.0.1", "10.0.0.1"],
    ["FE80:0:0:0:0:0:0:0abc", "fe80::abc"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["2001:db8::", "2001:db8::"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
  ] as const) {
    assert.equal(printIp(parseIp(text)!), expected);
  }
  assert.equal(isMappedText("::ffff:1.2.3.4"), true);
});

test("parseCidr refuses leading zeros and prefixes that are too long", () => {
  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0/8", "::/129", "10.0.0.0/-1", "/8"]) {
    assert.equal(parseCidr(text), undefined, text);
  }
  assert.equal(printCidr(parseCidrSloppy("010.0.0.5/08")!), "10.0.0.0/8");
  assert.equal(isNetwork(parseCidr("10.0.0.5/24")!), false);
});

test("addressAt, offsetOf and subnetAt are each other's inverse within the CIDR", () => {
  const cidr = parseCidr("10.96.0.0/16")!;
  assert.equal(printIp(addressAt(cidr, 10)!), "10.96.0.10");
  assert.equal(addressAt(cidr, 65536), undefined);
  assert.equal(offsetOf(cidr, parseIp("10.96.1.0")!), 256n);
  assert.equal(printIp(lastOf(cidr)), "10.96.255.255");
  assert.equal(printCidr(subnetAt(cidr, 24, 3)!), "10.96.3.0/24");
  assert.equal(subnetAt(cidr, 24, 256), undefined);
  assert.equal(cidrContains(cidr, parseIp("10.97.0.0")!), false);
  assert.equal(cidrsOverlap(cidr, parseCidr("10.0.0.0/8")!), true);
});
