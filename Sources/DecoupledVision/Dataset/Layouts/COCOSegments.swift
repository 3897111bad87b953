/// The segments of one image of a panoptic COCO file.
public struct COCOSegments: Sendable, Equatable {
  let panoptic: COCOPanoptic
  let image: Int
}
