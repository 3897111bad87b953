// Made by `decoupled bench --tune`: input channels, output channels, height and width of the result. Behind each the
// microseconds of winograd4, winograd6, direct with 2 threads.
#if X86_64_V2
  extension ConvolutionTable {
    static let measured: [ConvolutionShape: ConvolutionAlgorithm] = [
      ConvolutionShape(64, 64, 320, 320): .winograd6,  // 30440, 26084, 116116
      ConvolutionShape(64, 128, 160, 160): .winograd6,  // 14730, 13120, 57591
      ConvolutionShape(128, 128, 160, 160): .winograd6,  // 29635, 26127, 116275
      ConvolutionShape(128, 256, 80, 80): .winograd6,  // 15761, 13653, 57836
      ConvolutionShape(256, 256, 80, 80): .winograd6,  // 31196, 27091, 115489
      ConvolutionShape(256, 512, 40, 40): .winograd4,  // 14964, 12857, 59409
      ConvolutionShape(512, 512, 40, 40): .winograd4,  // 29719, 25929, 118871
      ConvolutionShape(512, 512, 20, 20): .winograd4,  // 7239, 8249, 28866
      ConvolutionShape(512, 256, 40, 40): .winograd4,  // 15510, 13698, 60489
      ConvolutionShape(256, 128, 80, 80): .winograd6,  // 16240, 14165, 58005
      ConvolutionShape(128, 64, 160, 160): .winograd6,  // 15334, 13551, 58293
      ConvolutionShape(64, 64, 224, 224): .winograd6,  // 14415, 12966, 57411
      ConvolutionShape(64, 128, 112, 112): .winograd6,  // 7066, 6111, 28337
      ConvolutionShape(128, 128, 112, 112): .winograd6,  // 14003, 11897, 55933
      ConvolutionShape(128, 256, 56, 56): .winograd6,  // 7331, 6767, 28251
      ConvolutionShape(256, 256, 56, 56): .winograd6,  // 15073, 13573, 57233
      ConvolutionShape(256, 512, 28, 28): .winograd4,  // 7233, 6549, 30327
      ConvolutionShape(512, 512, 28, 28): .winograd4,  // 14324, 12643, 60928
      ConvolutionShape(512, 512, 14, 14): .winograd4,  // 4477, 4717, 14038
      ConvolutionShape(512, 256, 28, 28): .winograd4,  // 7520, 6625, 30594
      ConvolutionShape(256, 128, 56, 56): .winograd6,  // 7621, 6966, 29091
      ConvolutionShape(128, 64, 112, 112): .winograd6,  // 7235, 6277, 28535
      ConvolutionShape(64, 64, 160, 160): .winograd6,  // 7403, 6694, 29378
      ConvolutionShape(64, 128, 80, 80): .winograd6,  // 3557, 3255, 14690
      ConvolutionShape(128, 128, 80, 80): .winograd6,  // 7043, 6359, 29039
      ConvolutionShape(128, 256, 40, 40): .winograd6,  // 3664, 3243, 14943
      ConvolutionShape(256, 256, 40, 40): .winograd6,  // 7406, 6574, 30140
      ConvolutionShape(256, 512, 20, 20): .winograd4,  // 3663, 4163, 14312
      ConvolutionShape(512, 512, 10, 10): .winograd4,  // 2796, 2102, 7518
      ConvolutionShape(512, 256, 20, 20): .winograd4,  // 3736, 4220, 14393
      ConvolutionShape(256, 128, 40, 40): .winograd6,  // 3762, 3397, 14797
      ConvolutionShape(128, 64, 80, 80): .winograd6,  // 3545, 3289, 14328
      ConvolutionShape(24, 48, 48, 48): .winograd6,  // 219, 204, 770
      ConvolutionShape(48, 64, 24, 24): .winograd6,  // 172, 138, 532
      ConvolutionShape(64, 96, 12, 12): .winograd6,  // 115, 66, 296
      ConvolutionShape(96, 128, 6, 6): .winograd6,  // 58, 49, 155
      ConvolutionShape(128, 96, 6, 6): .winograd6,  // 59, 51, 170
      ConvolutionShape(96, 64, 12, 12): .winograd6,  // 110, 68, 289
      ConvolutionShape(64, 48, 24, 24): .winograd4,  // 178, 180, 538
      ConvolutionShape(48, 24, 48, 48): .winograd6,  // 289, 251, 1020
      ConvolutionShape(24, 24, 96, 96): .winograd6,  // 507, 450, 2053
      ConvolutionShape(16, 16, 8, 8): .direct,  // 35, 34, 11
    ]
  }
#endif
