/// What a LabelMe file needs to become a mask.
public struct LabelMeMask: Sendable, Equatable {
  let classes: ClassList
  let imagePath: String
}
