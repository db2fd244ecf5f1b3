//! `make install`, and a program that finds the library by pkg-config.
