import CZlib
import DecoupledBase
import DecoupledVision
import Glibc

/// A data set of which one file, that of a format, holds given bytes. The fuzz target opens it, and the tests do with the files
/// that fuzzing starts from and those that it found.
struct DatasetInput {
  enum Format: String, CaseIterable {
    /// JSON annotations.
    case coco, panoptic, labelme
    /// Official lists of training windows.
    case list
    /// MATLAB files; of `sbdpacked` the bytes are what a compressed element expands to.
    case sbd, sbdpacked
    /// labels.csv, classes.txt and the list of a set in the plain layout.
    case csv, classes, set
    /// Image-level labels and the list of a set in VOC's layout.
    case voc, vocset
    /// Masks: ADE20K's ids, panoptic segments; and the table of ADE20K's classes.
    case ade, segments, objects
  }

  let format: Format
  private let folder: String

  /// Makes a folder with everything but the file of the format.
  init(_ format: Format, folder: String) throws {
    self.format = format
    self.folder = folder
    let folders = [
      "annotations/panoptic_x", "annotations/training", "cls", "images/training", "JPEGImages", "ImageSets/Main",
      "ImageSets/Segmentation", "img", "masks",
    ]
    for name in folders { try FileAccess.makeFolder("\(folder)/\(name)") }
    let photo = RGBImage(width: 8, height: 6, fill: (1, 2, 3))
    for name in ["images", "images/training", "JPEGImages", ".", "annotations/panoptic_x"] {
      try PNGWriter.write(photo, to: "\(folder)/\(name)/a.png")
    }
    for name in ["annotations/training", "masks"] {
      try PNGWriter.write(LabelMap(width: 8, height: 6, fill: 1), to: "\(folder)/\(name)/a.png")
    }
    for (name, text) in texts { try FileAccess.write(text: text, to: "\(folder)/\(name)") }
  }

  /// Opens the data set and reads its masks.
  /// - Throws: `EngineError` when the bytes are refused.
  func open(_ bytes: UnsafeRawBufferPointer) throws {
    let (name, kind, set) = place
    let path = folder + "/" + name
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    if format == .sbdpacked {
      Self.packed(bytes).withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
    } else {
      write(descriptor, bytes.baseAddress, bytes.count)
    }
    close(descriptor)
    var options = Dataset.Options(set: set)
    options.kind = kind
    if format == .list { options.list = path }
    if format == .ade { options.ids.reduceZero = true }
    let data = try Dataset.open(folder, options: options)
    for index in 0..<(data.crops?.count ?? 0) { _ = data.crops?[index] }
    for item in data.items.prefix(8) { _ = try item.readMask() }
  }

  /// The file that holds the bytes, and the kind and set it makes of the folder.
  private var place: (String, Dataset.Kind, String?) {
    switch format {
    case .coco: ("annotations/instances_x.json", .coco, "x")
    case .panoptic: ("annotations/panoptic_x.json", .cocoPanoptic, "x")
    case .segments: ("annotations/panoptic_x/a.png", .cocoPanoptic, "x")
    case .labelme: ("a.json", .labelMe, nil)
    case .list: ("list.txt", .automatic, nil)
    case .sbd, .sbdpacked: ("cls/a.mat", .sbd, "train")
    case .csv: ("labels.csv", .folder, nil)
    case .classes: ("classes.txt", .folder, nil)
    case .set: ("x.txt", .folder, "x")
    case .voc: ("ImageSets/Main/aeroplane_train.txt", .voc, "train")
    case .vocset: ("ImageSets/Segmentation/train.txt", .voc, "train")
    case .ade: ("annotations/training/a.png", .ade20k, "training")
    case .objects: ("objectInfo150.txt", .ade20k, "training")
    }
  }

  /// Text files that the kinds need beside that file.
  private var texts: [(name: String, text: String)] {
    let labels = [("classes.txt", "cat\ndog\n"), ("labels.csv", "image,labels\na.png,cat\n")]
    return switch format {
    case .sbd, .sbdpacked: [("train.txt", "a\n")]
    case .classes, .set: labels
    case .ade, .csv: Array(labels.prefix(1))
    case .segments:
      [
        (
          "annotations/panoptic_x.json",
          #"{"images":[{"id":1,"file_name":"a.png","width":8,"height":6}],"categories":[{"id":1,"name":"cat"}],"#
            + #""annotations":[{"image_id":1,"file_name":"a.png","segments_info":[{"id":197121,"category_id":1}]}]}"#
        )
      ]
    // All classes but the first, whose list is fuzzed.
    case .voc: ClassList.voc.names.dropFirst().map { ("ImageSets/Main/\($0)_train.txt", "a 1\n") }
    default: []
    }
  }

  /// A MATLAB file with one compressed element that expands to `bytes`.
  private static func packed(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    var data = [UInt8](repeating: 0, count: Int(size))
    compress2(&data, &size, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), Z_BEST_SPEED)
    let header = [UInt8](repeating: 0x20, count: 124) + [0, 1, 0x49, 0x4D]
    let tag = [15, UInt32(size)].flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    return header + tag + data[..<Int(size)]
  }
}
