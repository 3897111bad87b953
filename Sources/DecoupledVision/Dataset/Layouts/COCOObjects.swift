/// The objects of one image of a COCO file.
public struct COCOObjects: Sendable, Equatable {
  let annotations: COCOAnnotations
  let image: Int
}
