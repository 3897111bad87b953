/// How the file of a mask becomes one class id a pixel.
public enum MaskForm: Sendable, Equatable {
  /// A PNG of class ids, taken as they are.
  case ids
  /// A PNG of ids that are changed first.
  case changed(IDChange)
  /// A MATLAB file of SBD.
  case sbd
  /// Objects of a COCO instance file.
  case coco(COCOObjects)
  /// A PNG of segment ids that a panoptic COCO file describes.
  case panoptic(COCOSegments)
  /// Shapes of a LabelMe file.
  case labelMe(LabelMeMask)

  /// - Throws: `EngineError` when the file cannot be read or is not of this form.
  func read(_ path: String) throws -> LabelMap {
    switch self {
    case .ids: try MaskReader.read(path)
    case .changed(let change): try change.apply(to: MaskReader.read(path))
    case .sbd: try SBDDataset.readMask(path)
    case .coco(let objects): try objects.annotations.mask(image: objects.image)
    case .panoptic(let segments): try segments.panoptic.mask(image: segments.image, file: path)
    case .labelMe(let mask):
      try LabelMeFile(path).mask(mask.classes) {
        let header = try ImageReader.header(mask.imagePath)
        return (header.uprightWidth, header.uprightHeight)
      }
    }
  }
}
