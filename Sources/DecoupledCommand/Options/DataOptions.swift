import ArgumentParser
import DecoupledCore
import DecoupledVision

extension Dataset.Kind: ExpressibleByArgument {}
extension COCOSettings.Overlap: ExpressibleByArgument {}
extension COCOSettings.Crowd: ExpressibleByArgument {}

/// How the data set folder of a verb is to be read.
struct DataOptions: ParsableArguments {
  @Option(help: "Layout of the data set; automatic looks which one the folder fits.")
  var kind = Dataset.Kind.automatic

  @Option(help: "Folder of masks in the VOC layout, such as SegmentationClassAug.")
  var maskFolder = "SegmentationClass"

  @Option(
    help: "Folder of SBD: its masks serve where the VOC layout has none; adds the sets train_aug and trainval_aug.")
  var extraMasks: String?

  @Option(help: "Ids in PNG masks that become void (ignored), with commas.")
  var ignoreIds: String?

  @Flag(help: "Id 0 of PNG masks becomes void and every other id one less, as for ADE20K.")
  var reduceZero = false

  @Option(help: "Pixels of several COCO objects: those of the later one, or void.")
  var overlap = COCOSettings.Overlap.later

  @Option(help: "Crowds of COCO: void, or objects like others.")
  var crowd = COCOSettings.Crowd.void

  func options(
    set: String? = nil, strong: String? = nil, labelsFromMasks: Bool = false, list: String? = nil
  ) throws -> Dataset.Options {
    var options = Dataset.Options(
      set: set, strong: strong, labelsFromMasks: labelsFromMasks, maskFolder: maskFolder)
    options.kind = kind
    options.list = list
    options.extraMasks = extraMasks
    options.ids.reduceZero = reduceZero
    options.ids.ignored = try (ignoreIds ?? "").split(separator: ",").map { text in
      guard let id = UInt8(Words.trimmed(text)) else {
        throw ValidationError("--ignore-ids needs numbers from 0 to 255 with commas, not '\(text)'.")
      }
      return id
    }
    (options.coco.overlap, options.coco.crowd) = (overlap, crowd)
    return options
  }

  /// Opens the set that is named, or else the usual one for a purpose: `train` or `val`.
  func open(
    _ data: String, set: String?, purpose: String, strong: String? = nil, labelsFromMasks: Bool = false,
    list: String? = nil
  ) throws -> Dataset {
    let set = list == nil ? chosenSet(data, set, purpose) : nil
    if set == nil, list == nil, purpose == "train", let val = Dataset.usualSet("val", in: data, kind: kind) {
      Console.note(
        "warning: '\(data)' has a set '\(val)' but none to train on: all its images are taken, those of '\(val)' too.")
    }
    return try Dataset.open(
      data, options: options(set: set, strong: strong, labelsFromMasks: labelsFromMasks, list: list))
  }

  /// The name of the set that `open` takes; nil for all images.
  func chosenSet(_ data: String, _ set: String?, _ purpose: String) -> String? {
    set ?? Dataset.usualSet(purpose, in: data, kind: kind)
  }

  /// What `open` takes, in words.
  func chosenImages(_ data: String, _ set: String?, _ purpose: String) -> String {
    chosenSet(data, set, purpose).map { "the set '\($0)' of '\(data)'" } ?? "all images of '\(data)'"
  }
}
