// The messages of containerd's own gRPC services that Proa uses beside CRI: events, content, images, snapshots, leases.
// Field numbers are those of containerd's api/services and api/events, the same in 1.6 and 2.x. Imports src/host/cri.
import { createCodec, type MessageTable } from "../cri/codec.ts";

const messages: MessageTable = {
  Any: [
    [1, "typeUrl", "string"],
    [2, "value", "bytes"],
  ],
  SubscribeRequest: [[1, "filters", "string", true]],
  Envelope: [
    [2, "namespace", "string"],
    [3, "topic", "string"],
    [4, "event", "Any"],
  ],
  TaskStart: [
    [1, "containerId", "string"],
    [2, "pid", "uint32"],
  ],
  TaskExit: [
    [1, "containerId", "string"],
    [2, "id", "string"],
    [3, "pid", "uint32"],
    [4, "exitStatus", "uint32"],
  ],
  TaskOOM: [[1, "containerId", "string"]],
  ContainerDelete: [[1, "id", "string"]],
  ImageName: [[1, "name", "string"]],
  Descriptor: [
    [1, "mediaType", "string"],
    [2, "digest", "string"],
    [3, "size", "int64"],
    [5, "annotations", "map<string,string>"],
  ],
  Image: [
    [1, "name", "string"],
    [2, "labels", "map<string,string>"],
    [3, "target", "Descriptor"],
  ],
  ImageRequest: [[1, "image", "Image"]],
  ImageReply: [[1, "image", "Image"]],
  DeleteImageRequest: [
    [1, "name", "string"],
    [2, "sync", "bool"],
  ],
  Empty: [],
  Lease: [[1, "id", "string"]],
  CreateLeaseRequest: [
    [1, "id", "string"],
    [3, "labels", "map<string,string>"],
  ],
  CreateLeaseReply: [[1, "lease", "Lease"]],
  DeleteLeaseRequest: [
    [1, "id", "string"],
    [2, "sync", "bool"],
  ],
  ViewSnapshotRequest: [
    [1, "snapshotter", "string"],
    [2, "key", "string"],
    [3, "parent", "string"],
    [4, "labels", "map<string,string>"],
  ],
  ViewSnapshotReply: [[1, "mounts", "SnapshotMount", true]],
  SnapshotMount: [
    [1, "type", "string"],
    [2, "source", "string"],
    [3, "target", "string"],
    [4, "options", "string", true],
  ],
  RemoveSnapshotRequest: [
    [1, "snapshotter", "string"],
    [2, "key", "string"],
  ],
  WriteContentRequest: [
    [1, "action", "enum WriteAction"],
    [2, "ref", "string"],
    [3, "total", "int64"],
    [4, "expected", "string"],
    [5, "offset", "int64"],
    [6, "data", "bytes"],
    [7, "labels", "map<string,string>"],
  ],
  WriteContentReply: [
    [1, "action", "enum WriteAction"],
    [4, "offset", "int64"],
    [6, "digest", "string"],
  ],
};

export const containerdCodec = createCodec(messages, { WriteAction: { STAT: 0, WRITE: 1, COMMIT: 2 } });

export interface ServiceMethod {
  readonly path: string;
  readonly request: string;
  readonly response: string;
}
const method = (service: string, name: string, request: string, response: string): ServiceMethod => ({
  path: `/containerd.services.${service}/${name}`,
  request,
  response,
});

export const services = {
  subscribe: method("events.v1.Events", "Subscribe", "SubscribeRequest", "Envelope"),
  createImage: method("images.v1.Images", "Create", "ImageRequest", "ImageReply"),
  updateImage: method("images.v1.Images", "Update", "ImageRequest", "ImageReply"),
  createLease: method("leases.v1.Leases", "Create", "CreateLeaseRequest", "CreateLeaseReply"),
  deleteLease: method("leases.v1.Leases", "Delete", "DeleteLeaseRequest", "Empty"),
  viewSnapshot: method("snapshots.v1.Snapshots", "View", "ViewSnapshotRequest", "ViewSnapshotReply"),
  removeSnapshot: method("snapshots.v1.Snapshots", "Remove", "RemoveSnapshotRequest", "Empty"),
  writeContent: method("content.v1.Content", "Write", "WriteContentRequest", "WriteContentReply"),
} as const;
