// Which services a container's environment tells of, and how. Imports src/kubelet.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, Service } from "../../kinds/types/core-v1.gen.ts";
import { servicesOfPod, serviceVariables } from "./service-env.ts";

const service = (namespace: string, name: string, clusterIP: string, ports: object[] = [{ port: 80 }]): Service =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { clusterIP, ports },
  }) as unknown as Service;
const pod = (namespace: string, enableServiceLinks?: boolean): Pod =>
  ({ metadata: { name: "p", namespace }, spec: { containers: [], enableServiceLinks } }) as unknown as Pod;

const services = [
  service("default", "kubernetes", "10.96.0.1"),
  service("team", "web", "10.96.0.7"),
  service("team", "headless", "None"),
  service("team", "outside", ""),
  service("other", "web", "10.96.0.8"),
];

for (const [what, subject, expected] of [
  ["gives the API's service and those of the namespace", pod("team"), ["10.96.0.1", "10.96.0.7"]],
  ["gives the API's service alone when links are declined", pod("team", false), ["10.96.0.1"]],
  ["gives nothing of other namespaces", pod("empty"), ["10.96.0.1"]],
] as const) {
  test(`servicesOfPod ${what}`, () => {
    assert.deepEqual(
      servicesOfPod(subject, services).map(({ spec }) => spec?.clusterIP),
      expected,
    );
  });
}

test("serviceVariables names hosts, ports and links when a service has several ports", () => {
  const found = serviceVariables([
    service("team", "my-web", "10.96.0.7", [
      { name: "http-a", port: 80, protocol: "TCP" },
      { name: "dns", port: 53, protocol: "UDP" },
    ]),
  ]);
  assert.deepEqual(Object.fromEntries(found.map(({ name, value }) => [name, value])), {
    MY_WEB_SERVICE_HOST: "10.96.0.7",
    MY_WEB_SERVICE_PORT: "80",
    MY_WEB_SERVICE_PORT_HTTP_A: "80",
    MY_WEB_SERVICE_PORT_DNS: "53",
    MY_WEB_PORT: "tcp://10.96.0.7:80",
    MY_WEB_PORT_80_TCP: "tcp://10.96.0.7:80",
    MY_WEB_PORT_80_TCP_PROTO: "tcp",
    MY_WEB_PORT_80_TCP_PORT: "80",
    MY_WEB_PORT_80_TCP_ADDR: "10.96.0.7",
    MY_WEB_PORT_53_UDP: "udp://10.96.0.7:53",
    MY_WEB_PORT_53_UDP_PROTO: "udp",
    MY_WEB_PORT_53_UDP_PORT: "53",
    MY_WEB_PORT_53_UDP_ADDR: "10.96.0.7",
  });
});

test("serviceVariables puts brackets around an address when it is IPv6", () => {
  const found = serviceVariables([service("team", "web", "fd00::7")]);
  assert.equal(found.find(({ name }) => name === "WEB_PORT")?.value, "tcp://[fd00::7]:80");
});
