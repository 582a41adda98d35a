// ImageLocality: nodes that have the pod's images already are better. Source: plugins/imagelocality. May import src/base,
// src/kinds.
import { imagesMaxBytesPerContainer, imagesMinBytes, scoreMax } from "../limits.ts";
import type { MakeScorer } from "./plugin.ts";

export const imageLocality: MakeScorer = ({ pod: { spec } }, { snapshot }) => {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const images = [
    ...containers.map(({ image = "" }) => image),
    ...(spec?.volumes ?? []).flatMap(({ image }) => image?.reference ?? []),
  ];
  const largest = imagesMaxBytesPerContainer * containers.length;
  const nodes = snapshot.order.length;
  return {
    plugin: "ImageLocality",
    weight: 1,
    score({ slot }) {
      let sum = 0;
      for (const image of images) sum += snapshot.images.scoreOf(slot, image, nodes);
      const counted = Math.min(Math.max(sum, imagesMinBytes), largest);
      return Math.floor((scoreMax * (counted - imagesMinBytes)) / (largest - imagesMinBytes));
    },
  };
};
