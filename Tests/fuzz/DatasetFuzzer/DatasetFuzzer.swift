import DecoupledVision
import Glibc

/// A fuzz target for libFuzzer: a data set whose lists, annotations or masks are the given bytes, of the kind named in
/// DECOUPLED_FUZZ_FORMAT. It may be refused with a sentence; crashes, hangs and memory beyond the limit are findings.
enum DatasetFuzzer {
  enum Format: String {
    case coco, panoptic, labelme, list, sbd, csv, voc
  }

  static let format: Format = {
    guard let name = getenv("DECOUPLED_FUZZ_FORMAT"), let format = Format(rawValue: String(cString: name)) else {
      fputs("set DECOUPLED_FUZZ_FORMAT to coco, panoptic, labelme, list, sbd, csv or voc\n", stderr)
      exit(2)
    }
    return format
  }()

  /// A folder in memory with everything but the fuzzed file.
  static let folder: String = {
    let path = "/dev/shm/decoupled-fuzz-\(getpid())"
    do {
      for name in ["annotations", "annotations/panoptic_x", "cls", "images", "JPEGImages", "ImageSets/Main"] {
        try FileAccess.makeFolder("\(path)/\(format.rawValue)/\(name)")
      }
      let own = "\(path)/\(format.rawValue)"
      let photo = RGBImage(width: 8, height: 6, fill: (1, 2, 3))
      for name in ["images/a.png", "JPEGImages/a.png", "a.png", "annotations/panoptic_x/a.png"] {
        try PNGWriter.write(photo, to: "\(own)/\(name)")
      }
      try FileAccess.write(text: "a\n", to: own + "/train.txt")
    } catch {
      fputs("\(error)\n", stderr)
      exit(2)
    }
    return "\(path)/\(format.rawValue)"
  }()

  /// The fuzzed file and the kind it makes of the folder.
  static var place: (file: String, kind: Dataset.Kind, set: String?) {
    switch format {
    case .coco: ("annotations/instances_x.json", .coco, "x")
    case .panoptic: ("annotations/panoptic_x.json", .cocoPanoptic, "x")
    case .labelme: ("a.json", .labelMe, nil)
    case .list: ("list.txt", .automatic, nil)
    case .sbd: ("cls/a.mat", .sbd, "train")
    case .csv: ("labels.csv", .folder, nil)
    case .voc: ("ImageSets/Main/aeroplane_train.txt", .voc, "train")
    }
  }

  static func run(_ bytes: UnsafeRawBufferPointer) {
    let path = folder + "/" + place.file
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    write(descriptor, bytes.baseAddress, bytes.count)
    close(descriptor)
    var options = Dataset.Options(set: place.set)
    options.kind = place.kind
    if format == .list { options.list = path }
    do {
      let data = try Dataset.open(folder, options: options)
      for index in 0..<(data.crops?.count ?? 0) { _ = data.crops?[index] }
      for item in data.items.prefix(8) { _ = try item.readMask() }
    } catch let error as VisionError {
      precondition(!error.message.isEmpty)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  DatasetFuzzer.run(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}
