import DecoupledBase

extension CaffeNet {
  /// Reads a `.caffemodel`: everything but the values of the blobs, whose places are noted.
  ///
  /// Both the old form (V1 layers with numbered types, field 2 of the network) and the new one (field 100) are read.
  /// - Throws: `format` naming the file and the byte; `unsupported` for the form before V1.
  public init(model path: String) throws {
    let file = try RandomAccessFile(path: path)
    self.init(path: path)
    let reader = ProtobufReader(FileCursor(file, kind: "Caffe model"))
    var dimensions: [Int] = []
    var shapes: [[Int]] = []
    while let field = try reader.next(before: file.size) {
      switch field.number {
      case 1: name = try reader.text(field, before: file.size) ?? name
      case 2, 100:
        guard layers.count < Self.mostLayers else {
          throw EngineError(.format, "'\(path)' has more than \(Self.mostLayers) layers; it is no network.")
        }
        layers.append(try Self.layer(reader, field, file.size, isOld: field.number == 2))
      case 3:
        guard inputs.count < 64 else { throw reader.cursor.broken("more than 64 inputs") }
        if let name = try reader.text(field, before: file.size) { inputs.append((name, [])) }
      case 4: try reader.sizes(field, before: file.size, into: &dimensions, most: 256)
      case 8:
        guard shapes.count < 64 else { throw reader.cursor.broken("more than 64 input shapes") }
        shapes.append(try Self.shape(reader, field, file.size))
      default: try reader.skip(field, before: file.size)
      }
    }
    guard !layers.isEmpty else { throw EngineError(.format, "'\(path)' is no Caffe model: it has no layers.") }
    pair(inputDimensions: dimensions, shapes: shapes)
  }

  private static func layer(
    _ reader: ProtobufReader, _ field: ProtobufReader.Field, _ end: Int, isOld: Bool
  ) throws -> Layer {
    var layer = Layer()
    var blobs: [CaffeBlob] = []
    try reader.message(field, before: end) { field, end in
      switch (isOld, field.number) {
      case (true, 4), (false, 1): layer.name = try reader.text(field, before: end) ?? layer.name
      case (true, 5):
        if let type = try reader.size(field, before: end) { layer.type = typesV1[type] ?? "V1 type \(type)" }
      case (false, 2): layer.type = try reader.text(field, before: end) ?? layer.type
      case (true, 2), (false, 3): try append(&layer.bottoms, try reader.text(field, before: end), reader)
      case (true, 3), (false, 4): try append(&layer.tops, try reader.text(field, before: end), reader)
      case (true, 6), (false, 7):
        guard field.wire == .bytes else { return try reader.skip(field, before: end) }
        guard blobs.count < mostBlobsInLayer else {
          throw reader.cursor.broken("a layer of more than \(mostBlobsInLayer) blobs")
        }
        let stop = try reader.bytesEnd(before: end)
        blobs.append(try CaffeBlob(reader, before: stop))
      case (true, 1) where field.wire == .bytes:
        throw EngineError(
          .unsupported,
          "'\(reader.cursor.file.path)' has layers of the form before V1; convert it with Caffe's upgrade_net_proto_binary."
        )
      default:
        let old = [10: 106, 17: 117, 19: 121, 36: 100]
        try parameters(reader, field, end, isOld ? old[field.number] ?? -field.number : field.number, &layer)
      }
    }
    layer.blobs = try blobs.enumerated().map { number, blob in
      try blob.tensor("\(layer.name) blob \(number)", reader.cursor.file)
    }
    return layer
  }

  /// Settings of a layer by the field numbers of new layers, and by negative ones of what only old layers have.
  private static func parameters(
    _ reader: ProtobufReader, _ field: ProtobufReader.Field, _ end: Int, _ number: Int, _ layer: inout Layer
  ) throws {
    func read(_ body: (ProtobufReader.Field, Int) throws -> Bool) throws {
      try reader.message(field, before: end) { if try !body($0, $1) { try reader.skip($0, before: $1) } }
    }
    switch number {
    case 106:
      try read { field, end in
        if field.number == 1 {
          layer.outputs = try reader.size(field, before: end)
        } else if field.number == 4 {
          var kernels: [Int] = []
          try reader.sizes(field, before: end, into: &kernels)
          layer.kernel = kernels.first ?? layer.kernel
        } else {
          return false
        }
        return true
      }
    case 117:
      try read { field, end in
        if field.number == 1 { layer.outputs = try reader.size(field, before: end) }
        return field.number == 1
      }
    case 121:
      layer.pooling = .maximum
      try read { field, end in
        if field.number == 1 {
          layer.pooling = [0: .maximum, 1: .average][try reader.size(field, before: end) ?? 0]
        } else if field.number == 2 {
          layer.kernel = try reader.size(field, before: end)
        } else {
          return false
        }
        return true
      }
    case -44:
      layer.unpooling = .maximum
      try read { field, end in
        if field.number == 1 {
          layer.unpooling = [0: .maximum, 1: .average][try reader.size(field, before: end) ?? 0]
        }
        return field.number == 1
      }
    case -45:
      layer.normalization = .learn
      try read { field, end in
        if field.number == 3 { layer.normalization = try reader.size(field, before: end) == 1 ? .inference : .learn }
        return field.number == 3
      }
    case 100:
      try read { field, end in
        if field.number == 1 {
          layer.scale = try reader.float(field, before: end)
        } else if field.number == 5, layer.means.count < 3 {
          if let mean = try reader.float(field, before: end) { layer.means.append(mean) }
        } else {
          return false
        }
        return true
      }
    case 143:
      try read { field, end in
        if field.number == 1, field.wire == .bytes { layer.inputShape = try shape(reader, field, end) }
        return field.number == 1 && field.wire == .bytes
      }
    default: try reader.skip(field, before: end)
    }
  }

  private static func append(_ list: inout [String], _ text: String?, _ reader: ProtobufReader) throws {
    guard list.count < 64 else { throw reader.cursor.broken("a layer with more than 64 inputs or outputs") }
    if let text { list.append(text) }
  }

  private static func shape(_ reader: ProtobufReader, _ field: ProtobufReader.Field, _ end: Int) throws -> [Int] {
    var dimensions: [Int] = []
    try reader.message(field, before: end) { field, end in
      if field.number == 1 {
        try reader.sizes(field, before: end, into: &dimensions)
      } else {
        try reader.skip(field, before: end)
      }
    }
    return dimensions
  }
}
