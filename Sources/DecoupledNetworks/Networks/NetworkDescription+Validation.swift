import DecoupledBase

extension NetworkDescription {
  /// - Throws: one sentence naming the first setting that cannot work.
  public func validate() throws {
    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw EngineError(.invalidArgument, "Network '\(name)': \(message())") }
    }
    try check((1...8).contains(stages), "stage_channels has \(stages) entries; 1 to 8 stages are possible.")
    try check(
      stageConvolutions.count == stages && decoderConvolutions.count == stages,
      "stage_convolutions and decoder_convolutions need one number for each of the \(stages) stages.")
    try check(
      (stageConvolutions + decoderConvolutions).allSatisfy((1...16).contains),
      "each stage needs 1 to 16 convolutions.")
    try check(stageChannels.allSatisfy((1...65536).contains), "stage_channels must lie between 1 and 65536.")
    try check((1...65536).contains(fcWidth), "fc_width must lie between 1 and 65536, not \(fcWidth).")
    try check(
      (1...65536).contains(segmentationFcWidth),
      "segmentation_fc_width must lie between 1 and 65536, not \(segmentationFcWidth).")
    try check((1...254).contains(classes), "classes must lie between 1 and 254, not \(classes).")
    try check(
      inputSize > 0 && inputSize <= 4096 && inputSize % (1 << stages) == 0,
      "input_size must be a multiple of \(1 << stages) up to 4096, not \(inputSize).")
    try check(
      fc6Kernel > 0 && scoreMapSize > 0,
      "an fc6_kernel of \(fc6Kernel) does not fit into the \(poolSize)x\(poolSize) map behind the last pool.")
    try check((0..<1).contains(dropout), "dropout must be at least 0 and below 1, not \(dropout).")
    try check(
      batchNormalizationEpsilon >= 0 && batchNormalizationEpsilon < 1,
      "batch_normalization_epsilon must be at least 0 and below 1, not \(batchNormalizationEpsilon).")
  }
}
