import DecoupledBase

/// Reads every file of a data set and reports what is in it and what is wrong with it.
public enum DatasetCheck {
  /// Runs the check; nothing in the data set makes it fail, every fault becomes a problem of the report.
  /// - Parameter progress: called after each item with the number done and the total; false stops.
  /// - Throws: `EngineError` when stopped.
  public static func run(
    _ dataset: Dataset, progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> DatasetReport {
    var tally = Tally(dataset.classes)
    for (done, item) in dataset.items.enumerated() {
      tally.add(item)
      guard progress(done + 1, dataset.items.count) else { throw EngineError(.cancelled, "The check was stopped.") }
    }
    return tally.report(dataset)
  }

  /// Checks the images of all sets of a data set, each image once, or those of the set that the options name.
  ///
  /// A set that cannot be opened is a problem of the report. The strong list belongs to the usual training set. Where there
  /// is none, all images are trained on, and checked as one more set.
  /// - Parameter progress: called after each item with the number done and the total; false stops.
  /// - Throws: `EngineError` when stopped, or when not a single set can be opened.
  public static func run(
    _ path: String, options: Dataset.Options, progress: (Int, Int) -> Bool = { _, _ in true }
  ) throws -> DatasetReport {
    let names = try options.set == nil && options.list == nil ? Dataset.sets(in: path, kind: options.kind) : []
    guard !names.isEmpty else { return try run(Dataset.open(path, options: options), progress: progress) }
    let training = Dataset.usualSet("train", in: path, kind: options.kind)
    var sets: [DatasetReport.SetCount] = []
    var problems: [DatasetReport.Problem] = []
    var items: [DatasetItem] = []
    var places: [String: Int] = [:]
    var classes: ClassList?
    var failure: (any Error)?
    let all = training == nil ? try? Dataset.open(path, options: options) : nil
    for name in names.map(Optional.some) + (all == nil ? [] : [nil]) {
      var options = options
      options.set = name
      if name != training { options.strong = nil }
      do {
        let dataset = try name == nil ? all! : Dataset.open(path, options: options)
        classes = classes ?? dataset.classes
        sets.append(DatasetReport.SetCount(name ?? "all images", dataset))
        for item in dataset.items {
          // A list may know more of an image than another: its mask, its labels.
          if let place = places[item.imagePath] {
            items[place] = items[place].joined(with: item)
          } else {
            places[item.imagePath] = items.count
            items.append(item)
          }
        }
      } catch let error as EngineError {
        failure = error
        problems.append(
          DatasetReport.Problem(kind: .unusableSet, item: name ?? "", file: path, message: error.message))
      }
    }
    guard let classes else { throw failure ?? EngineError(.format, "'\(path)' has no set that can be opened.") }
    return try run(Dataset(classes: classes, items: items), progress: progress).adding(sets: sets, problems)
  }

  /// What has been counted so far.
  private struct Tally {
    let classes: ClassList
    var imagesWithLabel: [Int]
    var masksWithClass: [Int]
    var pixels = [Int](repeating: 0, count: 256)
    var widths: [Int] = []
    var heights: [Int] = []
    var problems: [DatasetReport.Problem] = []

    init(_ classes: ClassList) {
      self.classes = classes
      imagesWithLabel = [Int](repeating: 0, count: classes.count)
      masksWithClass = imagesWithLabel
    }

    mutating func add(_ item: DatasetItem) {
      for (c, present) in (item.imageLabels ?? []).enumerated() where present { imagesWithLabel[c] += 1 }
      let header = image(item)
      if let path = item.maskPath { mask(item, path, header) }
    }

    private mutating func report(
      _ kind: DatasetReport.Problem.Kind, _ item: DatasetItem, _ file: String, _ text: String
    ) {
      problems.append(DatasetReport.Problem(kind: kind, item: item.id, file: file, message: text))
    }

    private mutating func image(_ item: DatasetItem) -> ImageHeader? {
      guard FileAccess.isFile(item.imagePath) else {
        report(.missingImage, item, item.imagePath, "The photo '\(item.imagePath)' is missing.")
        return nil
      }
      do {
        let bytes = try FileAccess.read(item.imagePath)
        let image = try ImageReader.decode(bytes, name: item.imagePath)
        widths.append(image.width)
        heights.append(image.height)
        return try ImageReader.header(bytes, name: item.imagePath)
      } catch {
        report(.unreadableImage, item, item.imagePath, "\(error)")
        return nil
      }
    }

    private mutating func mask(_ item: DatasetItem, _ path: String, _ header: ImageHeader?) {
      let mask: LabelMap
      do {
        mask = try item.maskForm.read(path)
      } catch {
        report(FileAccess.isFile(path) ? .unreadableMask : .missingMask, item, path, "\(error)")
        return
      }
      if let header {
        do {
          try DatasetItem.checkSizes(header: header, imagePath: item.imagePath, mask: mask, maskPath: path)
        } catch {
          report(.sizeMismatch, item, path, "\(error)")
        }
      }
      let counts = mask.histogram()
      for id in counts.indices { pixels[id] += counts[id] }
      let ids = mask.objectLabels().map(Int.init)
      for id in ids where id <= classes.count { masksWithClass[id - 1] += 1 }
      let unknown = ids.filter { $0 > classes.count }
      if !unknown.isEmpty {
        report(
          .unknownValue, item, path,
          "The mask '\(path)' holds \(unknown.map(String.init).joined(separator: ", ")); the classes are 1 to "
            + "\(classes.count).")
      }
      if let labels = item.imageLabels {
        let denied = ids.filter { $0 <= classes.count && !labels[$0 - 1] && !item.difficult.contains(true) }
        if !denied.isEmpty {
          let names = denied.map { classes.names[$0 - 1] }.joined(separator: ", ")
          report(.labelMismatch, item, path, "The mask '\(path)' shows \(names), which the image-level labels deny.")
        }
      }
    }

    func report(_ dataset: Dataset) -> DatasetReport {
      var problems = problems
      let unlabelled = dataset.items.filter { $0.imageLabels == nil }
      // Lists of windows bring their labels themselves.
      if let first = unlabelled.first, dataset.crops == nil {
        let names = unlabelled.prefix(3).map(\.id).joined(separator: ", ") + (unlabelled.count > 3 ? ", ..." : "")
        problems.append(
          DatasetReport.Problem(
            kind: .missingLabels, item: first.id, file: first.imagePath,
            message:
              "\(unlabelled.count) images have no image-level labels (\(names)), so phase 1 cannot train on them; "
              + "add them to the lists, or take labels from the masks."))
      }
      return DatasetReport(
        items: dataset.items.count, labelled: dataset.labelledItems.count, masks: dataset.strongItems.count,
        withoutObjects: dataset.items.count { $0.imageLabels?.contains(true) == false },
        classes: classes.names.enumerated().map { c, name in
          DatasetReport.ClassCount(
            name: name, images: imagesWithLabel[c], masks: masksWithClass[c], pixels: pixels[c + 1])
        },
        backgroundPixels: pixels[0], voidPixels: pixels[255],
        width: DatasetReport.Spread(widths), height: DatasetReport.Spread(heights), sets: [], problems: problems)
    }
  }
}
