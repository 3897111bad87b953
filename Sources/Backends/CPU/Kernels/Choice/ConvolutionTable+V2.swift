// Made by `decoupled bench --tune`: input channels, output channels, height and width of the result. Behind each the
// microseconds of winograd4, winograd6, direct with 2 threads.
#if X86_64_V2
  extension ConvolutionTable {
    static let measured: [ConvolutionShape: ConvolutionAlgorithm] = [
      ConvolutionShape(64, 64, 320, 320): .winograd6,  // 32059, 26802, 119718
      ConvolutionShape(64, 128, 160, 160): .winograd6,  // 15492, 13399, 58206
      ConvolutionShape(128, 128, 160, 160): .winograd6,  // 30788, 26125, 117014
      ConvolutionShape(128, 256, 80, 80): .winograd6,  // 16610, 14230, 58460
      ConvolutionShape(256, 256, 80, 80): .winograd6,  // 32092, 28041, 117737
      ConvolutionShape(256, 512, 40, 40): .winograd4,  // 15716, 13483, 60844
      ConvolutionShape(512, 512, 40, 40): .winograd4,  // 30606, 26787, 119826
      ConvolutionShape(512, 512, 20, 20): .winograd4,  // 7148, 8111, 28380
      ConvolutionShape(512, 256, 40, 40): .winograd4,  // 15115, 13149, 58856
      ConvolutionShape(256, 128, 80, 80): .winograd6,  // 16217, 13991, 57062
      ConvolutionShape(128, 64, 160, 160): .winograd6,  // 15134, 13600, 58268
      ConvolutionShape(64, 64, 224, 224): .winograd6,  // 14644, 12656, 55971
      ConvolutionShape(64, 128, 112, 112): .winograd6,  // 6767, 5989, 27680
      ConvolutionShape(128, 128, 112, 112): .winograd6,  // 14231, 11887, 56168
      ConvolutionShape(128, 256, 56, 56): .winograd6,  // 7329, 6707, 28469
      ConvolutionShape(256, 256, 56, 56): .winograd6,  // 14725, 13379, 56015
      ConvolutionShape(256, 512, 28, 28): .winograd4,  // 6852, 6244, 29893
      ConvolutionShape(512, 512, 28, 28): .winograd4,  // 13897, 12486, 60057
      ConvolutionShape(512, 512, 14, 14): .winograd4,  // 4542, 4978, 13834
      ConvolutionShape(512, 256, 28, 28): .winograd4,  // 7326, 6614, 30588
      ConvolutionShape(256, 128, 56, 56): .winograd6,  // 7729, 7120, 28860
      ConvolutionShape(128, 64, 112, 112): .winograd6,  // 7171, 6282, 28351
      ConvolutionShape(64, 64, 160, 160): .winograd6,  // 7504, 6725, 29064
      ConvolutionShape(64, 128, 80, 80): .winograd6,  // 3453, 3234, 14350
      ConvolutionShape(128, 128, 80, 80): .winograd6,  // 6922, 6384, 28835
      ConvolutionShape(128, 256, 40, 40): .winograd6,  // 3645, 3191, 15055
      ConvolutionShape(256, 256, 40, 40): .winograd6,  // 7459, 6437, 29963
      ConvolutionShape(256, 512, 20, 20): .winograd4,  // 3558, 4009, 14313
      ConvolutionShape(512, 512, 10, 10): .winograd4,  // 2706, 1782, 7001
      ConvolutionShape(512, 256, 20, 20): .winograd4,  // 3542, 4019, 14118
      ConvolutionShape(256, 128, 40, 40): .winograd6,  // 3642, 3186, 14630
      ConvolutionShape(128, 64, 80, 80): .winograd6,  // 3530, 3202, 14283
      ConvolutionShape(24, 48, 48, 48): .winograd6,  // 183, 162, 732
      ConvolutionShape(48, 64, 24, 24): .winograd6,  // 129, 104, 510
      ConvolutionShape(64, 96, 12, 12): .winograd6,  // 67, 49, 305
      ConvolutionShape(96, 128, 6, 6): .winograd6,  // 46, 40, 123
      ConvolutionShape(128, 96, 6, 6): .winograd6,  // 46, 42, 165
      ConvolutionShape(96, 64, 12, 12): .winograd6,  // 70, 50, 250
      ConvolutionShape(64, 48, 24, 24): .winograd6,  // 134, 107, 505
      ConvolutionShape(48, 24, 48, 48): .winograd6,  // 251, 218, 982
      ConvolutionShape(24, 24, 96, 96): .winograd6,  // 499, 403, 1977
      ConvolutionShape(16, 16, 8, 8): .winograd4,  // 4, 6, 10
    ]
  }
#endif
